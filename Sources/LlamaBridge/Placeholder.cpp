#include "LlamaBridge.h"
