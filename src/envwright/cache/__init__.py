"""What is kept between runs on the controller."""
