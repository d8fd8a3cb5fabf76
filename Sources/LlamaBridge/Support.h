#pragma once
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>

// A copy that the C side frees with roost_free.
inline char * roost_copy(const std::string & text) {
    char * copy = static_cast<char *>(std::malloc(text.size() + 1));
    if (copy) std::memcpy(copy, text.c_str(), text.size() + 1);
    return copy;
}

inline void roost_set_error(char ** error, const std::string & text) {
    if (error) *error = roost_copy(text);
}

// Adds to what roost_log_take returns on this thread.
void roost_log_add(const char * text) noexcept;
