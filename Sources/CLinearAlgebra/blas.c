// SPDX-License-Identifier: Apache-2.0
#include "linear_algebra.h"
