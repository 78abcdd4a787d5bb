"""The PTX in a module that gpu-module-to-binary{format=isa} has been over, from
standard input to standard output."""

import sys

from ptxas_table import embedded

sys.stdout.write(embedded(sys.stdin.read()))
