"""A team: which machine has which environment. Names and data are as pyinfra takes them."""

laptops = (
    ["@ssh/dev@laptop-1.example", "@ssh/dev@laptop-2.example"],
    {"environment": "environments/docker-workstation.yaml"},
)
build_machines = [("@ssh/root@build.example", {"environment": "environments/quickstart.yaml"})]
