#define _GNU_SOURCE
#include "CSandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif
#ifndef MSG_CMSG_CLOEXEC
#define MSG_CMSG_CLOEXEC 0
#endif

#ifdef __linux__
int32_t roost_socket_pair(int32_t ends[2]) {
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0 ? 0 : -errno;
}
int32_t roost_pipe(int32_t ends[2]) { return pipe2(ends, O_CLOEXEC) == 0 ? 0 : -errno; }
#else
static int32_t close_on_exec(int32_t ends[2]) {
    for (int end = 0; end < 2; end++) fcntl(ends[end], F_SETFD, FD_CLOEXEC);
    return 0;
}
int32_t roost_socket_pair(int32_t ends[2]) {
    return socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0 ? close_on_exec(ends) : -errno;
}
int32_t roost_pipe(int32_t ends[2]) { return pipe(ends) == 0 ? close_on_exec(ends) : -errno; }
#endif

enum { most_at_once = 253 }; // SCM_MAX_FD of Linux

union control_space {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int32_t) * most_at_once)];
};

int64_t roost_send(
    int32_t socket, const void * bytes, size_t count, const int32_t * descriptors, size_t descriptor_count) {
    if (descriptor_count > most_at_once) return -EMSGSIZE;
    struct iovec part = {.iov_base = (void *)bytes, .iov_len = count};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    union control_space control;
    if (descriptor_count > 0) {
        memset(&control, 0, sizeof control);
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE(sizeof(int32_t) * descriptor_count);
        struct cmsghdr * header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int32_t) * descriptor_count);
        memcpy(CMSG_DATA(header), descriptors, sizeof(int32_t) * descriptor_count);
    }
    ssize_t sent;
    do sent = sendmsg(socket, &message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : sent;
}

int64_t roost_receive(
    int32_t socket, void * bytes, size_t count, int32_t * descriptors, size_t capacity, size_t * descriptor_count) {
    struct iovec part = {.iov_base = bytes, .iov_len = count};
    union control_space control;
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    *descriptor_count = 0;
    ssize_t received;
    do received = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    while (received < 0 && errno == EINTR);
    if (received < 0) return -errno;
    bool fits = !(message.msg_flags & MSG_CTRUNC);
    for (struct cmsghdr * header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        const size_t number = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int32_t);
        for (size_t index = 0; index < number; index++) {
            int32_t descriptor;
            memcpy(&descriptor, CMSG_DATA(header) + index * sizeof(int32_t), sizeof descriptor);
            if (!MSG_CMSG_CLOEXEC) fcntl(descriptor, F_SETFD, FD_CLOEXEC);
            if (*descriptor_count < capacity) {
                descriptors[(*descriptor_count)++] = descriptor;
            } else {
                close(descriptor);
                fits = false;
            }
        }
    }
    if (fits) return received;
    for (size_t index = 0; index < *descriptor_count; index++) close(descriptors[index]);
    *descriptor_count = 0;
    return -EMSGSIZE;
}
