"""What the tests of `jaxsched.compat` share, and the scripts that record the frameworks."""
