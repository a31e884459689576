"""What comes from elsewhere: git repositories, files of web servers, and the layers in them."""
