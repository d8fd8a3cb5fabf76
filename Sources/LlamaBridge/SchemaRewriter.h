#pragma once
#include <json.h>

#include <string>

// A regular expression of a JSON schema (ECMA 262, matched anywhere) for the engine's converter, which takes anchored
// ones of few kinds and forgets that they stand in a JSON string. Throws std::invalid_argument for what it cannot hold.
std::string roost_schema_pattern(const std::string & pattern);

// GBNF of the decimal numbers between two bounds: integers, and fractions of up to six digits.
struct roost_number_range {
    double least = -1e15;
    double most = 1e15;
    bool excludes_least = false;
    bool excludes_most = false;
};
std::string roost_number_rule(const roost_number_range & range);
