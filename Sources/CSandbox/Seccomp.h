#pragma once
#include "CSandbox.h"

int32_t roost_seccomp_available(void);
int32_t roost_seccomp_enter(const struct roost_sandbox * sandbox);
int32_t roost_seccomp_close_files(bool refuses_only);
