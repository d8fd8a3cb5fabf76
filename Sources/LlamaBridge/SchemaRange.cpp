#include <cmath>
#include <stdexcept>
#include <vector>

#include "SchemaRewriter.h"

namespace {
std::string digit_class(char first, char last) {
    if (first == last) return std::string("\"") + first + "\"";
    return std::string("[") + first + "-" + last + "]";
}

std::string repeated_digits(size_t count) {
    return count == 0 ? "" : " [0-9]{" + std::to_string(count) + "}";
}

std::string joined(const std::vector<std::string> & alternatives) {
    std::string result = "(";
    for (size_t i = 0; i < alternatives.size(); i++) result += (i ? " | " : "") + alternatives[i];
    return result + ")";
}

// Digit strings of one length between two of them.
std::string between(const std::string & first, const std::string & last) {
    const size_t rest = first.size() - 1;
    if (rest == 0) return digit_class(first[0], last[0]);
    if (first[0] == last[0]) return digit_class(first[0], first[0]) + " " + between(first.substr(1), last.substr(1));
    const std::string zeros(rest, '0');
    const std::string nines(rest, '9');
    std::vector<std::string> alternatives;
    char from = first[0], to = last[0];
    if (first.substr(1) != zeros) {
        alternatives.push_back(digit_class(from, from) + " " + between(first.substr(1), nines));
        from++;
    }
    std::string final_one;
    if (last.substr(1) != nines) {
        final_one = digit_class(to, to) + " " + between(zeros, last.substr(1));
        to--;
    }
    if (from <= to) alternatives.push_back(digit_class(from, to) + repeated_digits(rest));
    if (!final_one.empty()) alternatives.push_back(final_one);
    return joined(alternatives);
}

// Integers without leading zeros, 0 <= first <= last.
std::string integers(int64_t first, int64_t last) {
    std::vector<std::string> alternatives;
    while (std::to_string(first).size() < std::to_string(last).size()) {
        const std::string text = std::to_string(first);
        alternatives.push_back(between(text, std::string(text.size(), '9')));
        first = std::stoll("1" + std::string(text.size(), '0'));
    }
    alternatives.push_back(between(std::to_string(first), std::to_string(last)));
    return joined(alternatives);
}

std::string padded(int64_t value, int digits) {
    const std::string text = std::to_string(value);
    return std::string(digits - text.size(), '0') + text;
}

// Fractions in a range that is narrower than two integers: multiples of a power of ten.
void add_narrow(const roost_number_range & range, std::vector<std::string> & alternatives) {
    for (int digits = 1; digits <= 6; digits++) {
        const double scale = std::pow(10.0, digits);
        int64_t first = static_cast<int64_t>(std::floor(range.least * scale));
        int64_t last = static_cast<int64_t>(std::ceil(range.most * scale));
        const auto value = [&](int64_t step) { return static_cast<double>(step) / scale; };
        while (first <= last && (value(first) < range.least || (range.excludes_least && value(first) == range.least)))
            first++;
        while (first <= last && (value(last) > range.most || (range.excludes_most && value(last) == range.most))) last--;
        if (first > last || (last - first < 8 && digits < 6)) continue;
        const auto unit = static_cast<int64_t>(scale);
        for (int64_t whole = first / unit; whole <= last / unit; whole++) {
            const int64_t from = std::max<int64_t>(first - whole * unit, 0);
            const int64_t to = std::min(last - whole * unit, unit - 1);
            alternatives.push_back(
                "\"" + std::to_string(whole) + ".\" " + between(padded(from, digits), padded(to, digits)));
        }
        return;
    }
}

// The part of the range that is not negative.
void add_positive(const roost_number_range & range, std::vector<std::string> & alternatives) {
    auto first = static_cast<int64_t>(std::ceil(range.least));
    auto last = static_cast<int64_t>(std::floor(range.most));
    if (range.excludes_least && static_cast<double>(first) == range.least) first++;
    const int64_t last_fraction = last - 1;
    if (range.excludes_most && static_cast<double>(last) == range.most) last--;
    if (first <= last) alternatives.push_back(integers(first, last));
    if (first <= last_fraction)
        alternatives.push_back(integers(first, last_fraction) + " \".\" [0-9]{1,6}");
    if (last_fraction < first + 1) add_narrow(range, alternatives);
}
} // namespace

std::string roost_number_rule(const roost_number_range & given) {
    roost_number_range range = given;
    range.least = std::max(range.least, -1e15);
    range.most = std::min(range.most, 1e15);
    std::vector<std::string> alternatives;
    if (range.least < 0) {
        roost_number_range mirrored;
        mirrored.least = std::max(0.0, -range.most);
        mirrored.excludes_least = range.most <= 0 && range.excludes_most;
        mirrored.most = -range.least;
        mirrored.excludes_most = range.excludes_least;
        std::vector<std::string> negative;
        if (mirrored.least <= mirrored.most) add_positive(mirrored, negative);
        if (!negative.empty()) alternatives.push_back("\"-\" " + joined(negative));
        range.least = 0;
        range.excludes_least = false;
    }
    if (range.most >= range.least) add_positive(range, alternatives);
    if (alternatives.empty()) throw std::invalid_argument("no number of six decimals lies between its bounds");
    return joined(alternatives);
}
