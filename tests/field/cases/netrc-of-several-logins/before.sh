useradd --create-home --shell /bin/bash ned
