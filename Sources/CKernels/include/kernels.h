#ifndef PARE_KERNELS_H
#define PARE_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#endif
