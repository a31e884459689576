"""The protocols: resource, capability, proof, requirement, secret, pending restart."""
