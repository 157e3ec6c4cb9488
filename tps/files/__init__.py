"""Files of an operator, read line by line: device models as CSV, and public lists of them."""
