useradd --create-home dev
