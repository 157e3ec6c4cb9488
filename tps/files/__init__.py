"""Files of an operator, read line by line, each line accounted for.

utf8                                  octets that are none cost their own line
csv_lines, csv_cells                  CSV as it comes from spreadsheets: quotes, delimiters, rounded numbers
detection_csv, detection_ndjson       SIMs seen in devices, with any names of columns; detection_record one of them
device_csv, osmocom_tac               device models, and the public list of TACs
"""
