"""What the tests share: tables of examples, references, and the scripts that record other packages."""
