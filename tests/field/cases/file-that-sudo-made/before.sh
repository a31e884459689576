useradd --create-home sue
