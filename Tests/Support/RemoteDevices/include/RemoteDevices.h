#pragma once
// Graphics processors for tests on machines that have none: the engine's own way to compute on other machines (RPC),
// with servers on loopback. To the engine such a device is a GPU like any other, with memory of its own.
#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Makes the device that listens at `endpoint` (`127.0.0.1:port`) one of this process's, for good. It has to listen: the
// engine ends a process that cannot reach it.
bool remote_device_add(const char * endpoint);

// Is such a device, until the process ends: computes with the CPU, has `byte_limit` bytes of memory, says what of them
// is free and gives no more. Returns when it cannot listen.
void remote_device_serve(const char * endpoint, uint64_t byte_limit, int thread_count);

#ifdef __cplusplus
}
#endif
