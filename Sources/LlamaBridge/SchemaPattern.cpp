#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "SchemaRewriter.h"

namespace {
constexpr size_t longest_pattern = 2048;
constexpr int deepest_group = 32;
constexpr int largest_count = 1000;
constexpr uint32_t last_scalar = 0x10FFFF;

using range = std::pair<uint32_t, uint32_t>;
using ranges = std::vector<range>;

ranges normalized(ranges set) {
    std::sort(set.begin(), set.end());
    ranges result;
    for (const range & item : set) {
        if (!result.empty() && item.first <= result.back().second + 1)
            result.back().second = std::max(result.back().second, item.second);
        else
            result.push_back(item);
    }
    return result;
}

ranges complement(const ranges & set) {
    ranges result;
    uint32_t next = 0;
    for (const range & item : normalized(set)) {
        if (item.first > next) result.push_back({next, item.first - 1});
        next = item.second + 1;
    }
    if (next <= last_scalar) result.push_back({next, last_scalar});
    return result;
}

ranges without(const ranges & set, const ranges & taken) {
    ranges outside = complement(set);
    outside.insert(outside.end(), taken.begin(), taken.end());
    return complement(outside);
}

bool has(const ranges & set, uint32_t scalar) {
    return std::any_of(set.begin(), set.end(), [&](const range & item) {
        return item.first <= scalar && scalar <= item.second;
    });
}

const ranges digits = {{'0', '9'}};
const ranges word_characters = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
const ranges spaces = {{'\t', '\r'}, {' ', ' '}};
const ranges not_ascii = {{0x7F, last_scalar}};
// What cannot stand in a JSON string as it is, and what is no scalar.
const ranges not_plain = {{0, 0x1F}, {'"', '"'}, {'\\', '\\'}, {0x7F, 0x7F}, {0xD800, 0xDFFF}};
const ranges line_ends = {{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}};

std::string escaped(uint32_t scalar) {
    char text[16];
    std::snprintf(text, sizeof(text), "\\U%08X", scalar);
    return text;
}

std::string class_text(const ranges & set) {
    std::string text = "[";
    for (const range & item : set) {
        text += escaped(item.first);
        if (item.second > item.first) text += "-" + escaped(item.second);
    }
    return text + "]";
}

// One character of the string's value, as JSON writes it.
std::string character(const ranges & set) {
    std::vector<std::string> alternatives;
    const ranges plain = without(set, not_plain);
    if (!plain.empty()) alternatives.push_back(class_text(plain));
    const std::pair<uint32_t, char> writings[] = {
        {'"', '"'}, {'\\', '\\'}, {'\n', 'n'}, {'\r', 'r'}, {'\t', 't'}, {'\f', 'f'}, {'\b', 'b'}};
    for (const auto & [scalar, letter] : writings) {
        // White space that is one of many is left out: a model asked for "any character" means none of these.
        if (!has(set, scalar) || (scalar < ' ' && !plain.empty())) continue;
        alternatives.push_back(class_text({{'\\', '\\'}}) + class_text({{uint32_t(letter), uint32_t(letter)}}));
    }
    if (alternatives.empty()) throw std::invalid_argument("it has a class without characters that can be written");
    if (alternatives.size() == 1 && !plain.empty()) return alternatives[0];
    std::string text = "(";
    for (size_t i = 0; i < alternatives.size(); i++) text += (i ? "|" : "") + alternatives[i];
    return text + ")";
}

class pattern_reader {
  public:
    explicit pattern_reader(const std::string & text) {
        for (size_t i = 0; i < text.size();) scalars.push_back(decode(text, i));
    }

    std::string read() {
        const std::string filler = character(complement(line_ends)) + "*";
        std::string result = "^(";
        while (true) {
            const bool from_start = skip('^');
            bool to_end = false;
            const std::string body = sequence(0, &to_end);
            result += (from_start ? "" : filler) + body + (to_end ? "" : filler);
            if (!skip('|')) break;
            result += "|";
        }
        if (index < scalars.size()) fail("a parenthesis that is not opened");
        return result + ")$";
    }

  private:
    std::vector<uint32_t> scalars;
    size_t index = 0;

    [[noreturn]] static void fail(const std::string & what) {
        throw std::invalid_argument("it has " + what + ", which a grammar cannot hold");
    }

    static uint32_t decode(const std::string & text, size_t & i) {
        const auto byte = static_cast<unsigned char>(text[i++]);
        const int more = byte >= 0xF0 ? 3 : byte >= 0xE0 ? 2 : byte >= 0xC0 ? 1 : 0;
        uint32_t scalar = more == 3 ? byte & 0x07 : more == 2 ? byte & 0x0F : more == 1 ? byte & 0x1F : byte;
        for (int n = 0; n < more && i < text.size(); n++)
            scalar = scalar << 6 | (static_cast<unsigned char>(text[i++]) & 0x3F);
        return scalar;
    }

    bool at(uint32_t scalar) const { return index < scalars.size() && scalars[index] == scalar; }

    bool skip(uint32_t scalar) {
        if (!at(scalar)) return false;
        index++;
        return true;
    }

    uint32_t next() {
        if (index >= scalars.size()) fail("an end in the middle");
        return scalars[index++];
    }

    // Up to `|`, `)` or the end; `to_end` is set by a `$` there and NULL where none may stand.
    std::string sequence(int depth, bool * to_end) {
        std::string result;
        while (index < scalars.size() && !at('|') && !at(')')) {
            if (skip('$')) {
                if (!to_end || (index < scalars.size() && !at('|'))) fail("an anchor within");
                *to_end = true;
                break;
            }
            if (at('^')) fail("an anchor within");
            std::string item = atom(depth);
            const std::string repetition = quantifier();
            if (!repetition.empty() && item == "()") fail("a repetition of nothing");
            result += item + repetition;
        }
        return result;
    }

    std::string atom(int depth) {
        if (skip('(')) return group(depth + 1);
        if (skip('[')) return character(bracket());
        if (skip('.')) return character(complement(line_ends));
        if (skip('\\')) {
            bool is_negated = false;
            return character(escape(is_negated));
        }
        const uint32_t scalar = next();
        if (scalar == '*' || scalar == '+' || scalar == '?' || scalar == '{') fail("a repetition of nothing");
        return character({{scalar, scalar}});
    }

    std::string group(int depth) {
        if (depth > deepest_group) fail("groups deeper than " + std::to_string(deepest_group));
        if (skip('?')) {
            if (skip('<')) {
                if (at('=') || at('!')) fail("a look behind");
                while (!skip('>')) next();
            } else if (!skip(':')) {
                fail("a look ahead or a flag");
            }
        }
        std::string result = "(" + sequence(depth, nullptr);
        while (skip('|')) result += "|" + sequence(depth, nullptr);
        if (!skip(')')) fail("a parenthesis that is not closed");
        return result + ")";
    }

    std::string quantifier() {
        std::string result;
        if (skip('*')) result = "*";
        else if (skip('+')) result = "+";
        else if (skip('?')) result = "?";
        else if (skip('{')) {
            const int least = number();
            std::optional<int> most = least;
            if (skip(',')) most = at('}') ? std::optional<int>() : number();
            if (!skip('}')) fail("a brace that is not closed");
            if (most && *most < least) fail("a repetition from more to less");
            result = "{" + std::to_string(least) + "," + (most ? std::to_string(*most) : "") + "}";
            if (most && *most == 0) fail("a repetition of no times");
        }
        if (result.empty()) return result;
        skip('?'); // lazy: the same strings
        if (at('*') || at('+') || at('?') || at('{')) fail("a repetition of a repetition");
        return result;
    }

    int number() {
        int value = 0;
        if (index >= scalars.size() || scalars[index] < '0' || scalars[index] > '9') fail("a brace without a number");
        while (index < scalars.size() && scalars[index] >= '0' && scalars[index] <= '9') {
            value = value * 10 + static_cast<int>(scalars[index++] - '0');
            if (value > largest_count) fail("a repetition of more than " + std::to_string(largest_count) + " times");
        }
        return value;
    }

    ranges bracket() {
        const bool is_negated = skip('^');
        bool has_negated_kind = false, has_kind = false;
        ranges set;
        while (!skip(']')) {
            ranges first = member(has_negated_kind, has_kind);
            if (at('-') && index + 1 < scalars.size() && scalars[index + 1] != ']' && first.size() == 1 &&
                first[0].first == first[0].second) {
                index++;
                const ranges last = member(has_negated_kind, has_kind);
                if (last.size() != 1 || last[0].first != last[0].second || last[0].first < first[0].first)
                    fail("a range that does not go up");
                set.push_back({first[0].first, last[0].first});
                continue;
            }
            set.insert(set.end(), first.begin(), first.end());
        }
        if (!is_negated) return normalized(set);
        // Engines differ in which characters beyond ASCII are digits, letters or white space.
        const ranges result = complement(set);
        return has_kind ? without(result, not_ascii) : result;
    }

    ranges member(bool & has_negated_kind, bool & has_kind) {
        if (!skip('\\')) {
            const uint32_t scalar = next();
            return {{scalar, scalar}};
        }
        if (skip('b')) return {{'\b', '\b'}};
        const size_t start = index;
        const ranges set = escape(has_negated_kind);
        const uint32_t letter = scalars[start];
        if (letter == 'd' || letter == 'D' || letter == 'w' || letter == 'W' || letter == 's' || letter == 'S')
            has_kind = true;
        return set;
    }

    ranges escape(bool & is_negated) {
        const uint32_t scalar = next();
        const auto others = [&](const ranges & set) {
            is_negated = true;
            return without(complement(set), not_ascii);
        };
        switch (scalar) {
            case 'd': return digits;
            case 'w': return word_characters;
            case 's': return spaces;
            case 'D': return others(digits);
            case 'W': return others(word_characters);
            case 'S': return others(spaces);
            case 'n': return {{'\n', '\n'}};
            case 'r': return {{'\r', '\r'}};
            case 't': return {{'\t', '\t'}};
            case 'f': return {{'\f', '\f'}};
            case 'x': return hexadecimal(2);
            case 'u':
                if (at('{')) fail("an escape \\u{…}");
                return hexadecimal(4);
            default: break;
        }
        const bool is_letter = (scalar >= 'a' && scalar <= 'z') || (scalar >= 'A' && scalar <= 'Z');
        if (is_letter || (scalar >= '0' && scalar <= '9'))
            fail(std::string("the escape \\") + static_cast<char>(scalar));
        return {{scalar, scalar}};
    }

    ranges hexadecimal(int count) {
        uint32_t value = 0;
        for (int i = 0; i < count; i++) {
            const uint32_t scalar = next();
            if (scalar >= '0' && scalar <= '9') value = value * 16 + (scalar - '0');
            else if (scalar >= 'a' && scalar <= 'f') value = value * 16 + (scalar - 'a' + 10);
            else if (scalar >= 'A' && scalar <= 'F') value = value * 16 + (scalar - 'A' + 10);
            else fail("an escape without its digits");
        }
        if (value >= 0xD800 && value <= 0xDFFF) fail("a half of a character");
        return {{value, value}};
    }
};
} // namespace

std::string roost_schema_pattern(const std::string & pattern) {
    if (pattern.size() > longest_pattern)
        throw std::invalid_argument("it has more than " + std::to_string(longest_pattern) + " bytes");
    return pattern_reader(pattern).read();
}
