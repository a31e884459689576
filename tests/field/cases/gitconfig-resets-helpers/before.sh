useradd --create-home gil --shell /bin/bash
