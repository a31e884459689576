useradd --create-home --shell /bin/bash una
