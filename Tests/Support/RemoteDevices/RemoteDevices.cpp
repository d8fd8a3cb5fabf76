#include "RemoteDevices.h"

#include <ggml-backend.h>
#include <ggml-cpu.h>
#include <ggml-rpc.h>
#include <internal/ggml-backend-impl.h>

#include <atomic>

bool remote_device_add(const char * endpoint) {
    ggml_backend_reg_t devices = ggml_backend_rpc_add_server(endpoint);
    if (!devices) return false;
    ggml_backend_register(devices);
    return true;
}

namespace {
// One device in a process, so that what it is stands in the process's variables.
std::atomic<uint64_t> limit{0};
std::atomic<uint64_t> taken{0};
ggml_backend_buffer_t (*take)(ggml_backend_buffer_type_t, size_t) = nullptr;
void (*give_back)(ggml_backend_buffer_t) = nullptr;

void memory(ggml_backend_dev_t, size_t * free, size_t * total) {
    *total = limit;
    *free = limit - taken;
}

void give_back_counted(ggml_backend_buffer_t buffer) {
    taken -= buffer->size;
    give_back(buffer);
}

ggml_backend_buffer_t take_counted(ggml_backend_buffer_type_t type, size_t size) {
    if (size > limit - taken) return nullptr;
    ggml_backend_buffer_t buffer = take(type, size);
    if (!buffer) return nullptr;
    taken += buffer->size;
    give_back = buffer->iface.free_buffer;
    buffer->iface.free_buffer = give_back_counted;
    return buffer;
}
} // namespace

void remote_device_serve(const char * endpoint, uint64_t byte_limit, int thread_count) {
    limit = byte_limit;
    ggml_backend_dev_t device = ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU);
    if (!device) return;
    device->iface.get_memory = memory;
    ggml_backend_buffer_type_t type = ggml_backend_cpu_buffer_type();
    take = type->iface.alloc_buffer;
    type->iface.alloc_buffer = take_counted;
    ggml_backend_rpc_start_server(endpoint, nullptr, static_cast<size_t>(thread_count), 1, &device);
}
