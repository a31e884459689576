useradd --create-home vic
