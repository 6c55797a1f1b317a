# SPDX-License-Identifier: Apache-2.0
"""Quantizes a folder with mlx-lm. Usage: mlx_convert.py FOLDER BITS GROUP OUTPUT"""

import sys

from mlx_lm import convert

folder, bits, group, output = sys.argv[1:]
convert(folder, output, quantize=True, q_bits=int(bits), q_group_size=int(group))
