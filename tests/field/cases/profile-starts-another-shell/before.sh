useradd --create-home --shell /bin/bash eve
