#include <json-schema-to-grammar.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "LlamaBridge.h"
#include "SchemaRewriter.h"
#include "Support.h"

namespace {
// The engine's rules grow with the square of these; its repetitions end at 2000.
constexpr size_t most_optional_properties = 256;
constexpr size_t longest_name = 200;
constexpr int most_repetitions = 2000;

class schema_rewriter {
  public:
    std::string additions;

    explicit schema_rewriter(common_json & root) : root(root) {}

    void rewrite() { node(root, "#"); }

  private:
    common_json & root;
    std::set<std::string> seen;
    int number_count = 0;

    [[noreturn]] static void fail(const std::string & path, const std::string & what) {
        throw std::invalid_argument("at " + path + ": " + what);
    }

    // A schema within another; `true` allows anything.
    void node(common_json & schema, const std::string & path) {
        if (schema.is_boolean() && schema.get<bool>()) schema = common_json::object();
        if (!schema.is_object()) fail(path, "a schema must be an object");
        if (!seen.insert(path).second) return;
        refuse_unheld(schema, path);
        definitions(schema, path, "$defs");
        definitions(schema, path, "definitions");
        if (schema.contains("$ref")) return reference(schema, path);
        for (const char * key : {"anyOf", "oneOf"})
            if (schema.contains(key)) return alternatives(schema, path, key);
        if (schema.contains("allOf")) return all_of(schema, path);
        if (schema.contains("const")) return;
        if (schema.contains("enum")) return enumeration(schema, path);
        if (schema.contains("type") && schema.at("type").is_array()) return types(schema, path);
        plain(schema, path);
    }

    void definitions(common_json & schema, const std::string & path, const std::string & key) {
        if (!schema.contains(key)) return;
        common_json & items = schema.at(key);
        if (!items.is_object()) fail(path, key + " must be an object");
        for (const auto & [name, item] : items.items()) node(item, path + "/" + key + "/" + name);
    }

    // Keywords that say something about the output and that the converter passes over.
    void refuse_unheld(const common_json & schema, const std::string & path) {
        for (const char * key :
             {"not", "if", "patternProperties", "propertyNames", "contains", "dependentRequired", "dependentSchemas",
              "dependencies", "unevaluatedItems", "$dynamicRef", "$recursiveRef", "additionalItems"})
            if (schema.contains(key)) fail(path, std::string(key) + " cannot be held by a grammar; leave it out");
        const auto is = [&](const char * key, auto value) { return !schema.contains(key) || schema.at(key) == value; };
        if (!is("uniqueItems", false)) fail(path, "uniqueItems cannot be held by a grammar; leave it out");
        if (!is("unevaluatedProperties", false)) fail(path, "unevaluatedProperties must be false");
        if (schema.contains("multipleOf") &&
            !(schema.contains("type") && schema.at("type") == "integer" && schema.at("multipleOf") == 1))
            fail(path, "multipleOf cannot be held by a grammar; leave it out");
    }

    // What stands beside `$ref`, `anyOf` and the like is passed over too.
    static void refuse_beside(const common_json & schema, const std::string & path, const std::string & key) {
        for (const char * other :
             {"properties", "required", "additionalProperties", "items", "prefixItems", "enum", "const", "pattern",
              "minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minItems",
              "maxItems", "minProperties", "maxProperties", "allOf", "anyOf", "oneOf"})
            if (other != key && schema.contains(other))
                fail(path, std::string(other) + " beside " + key + " cannot be held by a grammar; put it inside");
    }

    void reference(common_json & schema, const std::string & path) {
        refuse_beside(schema, path, "$ref");
        if (!schema.at("$ref").is_string()) fail(path, "$ref must be a string");
        const std::string reference = schema.at("$ref").get<std::string>();
        if (reference.compare(0, 2, "#/") != 0)
            fail(path, "$ref to “" + reference.substr(0, 80) + "”: only references into this schema (#/…) are followed");
        if (reference.find_first_of("~%") != std::string::npos) fail(path, "$ref must have no escapes (~ or %)");
        common_json * target = &root;
        size_t start = 2;
        while (start <= reference.size()) {
            const size_t end = std::min(reference.find('/', start), reference.size());
            const std::string name = reference.substr(start, end - start);
            if (!target->is_object() || !target->contains(name))
                fail(path, "$ref to “" + reference.substr(0, 80) + "”, which is not there");
            target = &target->at(name);
            start = end + 1;
        }
        node(*target, reference);
    }

    void alternatives(common_json & schema, const std::string & path, const std::string & key) {
        refuse_beside(schema, path, key);
        common_json & items = schema.at(key);
        if (!items.is_array() || items.empty()) fail(path, key + " must be a list of schemas");
        for (size_t i = 0; i < items.size(); i++) {
            common_json & item = items.at(i);
            const bool is_open = item.is_object() && !item.contains("type") && !item.contains("$ref");
            if (schema.contains("type") && is_open) item["type"] = schema.at("type");
            node(item, path + "/" + key + "/" + std::to_string(i));
        }
    }

    void all_of(common_json & schema, const std::string & path) {
        common_json items = schema.at("allOf");
        if (!items.is_array() || items.empty()) fail(path, "allOf must be a list of schemas");
        if (items.size() > 1) fail(path, "allOf with several schemas cannot be held by a grammar; make one of them");
        refuse_beside(schema, path, "allOf");
        common_json only = items.at(0);
        // References point to places in the schema: what others may point to stays where it is.
        for (const char * key : {"$defs", "definitions"})
            if (schema.contains(key)) {
                if (only.contains(key)) fail(path, std::string(key) + " beside allOf and within");
                only[key] = schema.at(key);
            }
        schema = only;
        seen.erase(path);
        node(schema, path);
    }

    static bool is_of(const common_json & value, const std::string & type) {
        if (type == "string") return value.is_string();
        if (type == "boolean") return value.is_boolean();
        if (type == "null") return value.is_null();
        if (type == "object") return value.is_object();
        if (type == "array") return value.is_array();
        if (type == "integer")
            return value.is_number() && (value.is_number_integer() || value.get<double>() == std::floor(value.get<double>()));
        return value.is_number();
    }

    void enumeration(common_json & schema, const std::string & path) {
        const common_json values = schema.at("enum");
        if (!values.is_array()) fail(path, "enum must be a list");
        std::vector<std::string> types;
        if (schema.contains("type")) {
            const common_json & type = schema.at("type");
            if (type.is_array())
                for (const auto & item : type) types.push_back(item.get<std::string>());
            else
                types.push_back(type.get<std::string>());
        }
        common_json kept = common_json::array();
        for (const auto & value : values)
            if (types.empty() ||
                std::any_of(types.begin(), types.end(), [&](const std::string & type) { return is_of(value, type); }))
                kept.push_back(value);
        if (kept.empty()) fail(path, "enum has no value of the type");
        schema["enum"] = kept;
    }

    void types(common_json & schema, const std::string & path) {
        const common_json list = schema.at("type");
        if (list.empty()) fail(path, "type must not be empty");
        common_json items = common_json::array();
        for (const auto & type : list) {
            common_json item = schema;
            item["type"] = type;
            item.erase("$defs");
            item.erase("definitions");
            items.push_back(item);
        }
        common_json result = common_json::object();
        for (const char * key : {"$defs", "definitions"})
            if (schema.contains(key)) result[key] = schema.at(key);
        result["anyOf"] = items;
        schema = result;
        alternatives(schema, path, "anyOf");
    }

    static bool has_any(const common_json & schema, std::initializer_list<const char *> keys) {
        return std::any_of(keys.begin(), keys.end(), [&](const char * key) { return schema.contains(key); });
    }

    void plain(common_json & schema, const std::string & path) {
        std::string type = schema.contains("type") ? schema.at("type").get<std::string>() : "";
        if (type.empty()) {
            if (has_any(schema, {"properties", "required", "additionalProperties", "minProperties", "maxProperties"}))
                type = "object";
            else if (has_any(schema, {"items", "prefixItems", "minItems", "maxItems"})) type = "array";
            else if (has_any(schema, {"pattern", "minLength", "maxLength"})) type = "string";
            else if (has_any(schema, {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"})) type = "number";
            if (!type.empty()) schema["type"] = type;
        }
        if (type == "object") object(schema, path);
        else if (type == "array") array(schema, path);
        else if (type == "string") string(schema, path);
        else if (type == "integer" || type == "number") number(schema, path, type == "integer");
    }

    void object(common_json & schema, const std::string & path) {
        std::set<std::string> required;
        if (schema.contains("required")) {
            if (!schema.at("required").is_array()) fail(path, "required must be a list");
            for (const auto & name : schema.at("required")) required.insert(name.get<std::string>());
        }
        const bool is_closed = schema.contains("additionalProperties") && schema.at("additionalProperties") == false;
        if (!required.empty() || schema.contains("properties")) {
            if (!schema.contains("properties")) schema["properties"] = common_json::object();
            if (!schema.at("properties").is_object()) fail(path, "properties must be an object");
            for (const std::string & name : required) {
                if (schema.at("properties").contains(name)) continue;
                if (is_closed) fail(path, "the required property “" + name.substr(0, 80) + "” is not among its properties");
                const bool has_schema =
                    schema.contains("additionalProperties") && schema.at("additionalProperties").is_object();
                const common_json value = has_schema ? schema.at("additionalProperties") : common_json::object();
                schema["properties"][name] = value;
            }
        }
        size_t optional_count = 0, count = 0;
        if (schema.contains("properties")) {
            for (const auto & [name, item] : schema.at("properties").items()) {
                if (name.empty() || name.size() > longest_name)
                    fail(path, "a property's name must have between 1 and " + std::to_string(longest_name) + " bytes");
                count++;
                if (!required.count(name)) optional_count++;
                node(item, path + "/properties/" + name);
            }
        }
        if (optional_count > most_optional_properties)
            fail(path, "more than " + std::to_string(most_optional_properties) + " properties that are not required");
        if (schema.contains("additionalProperties") && schema.at("additionalProperties").is_object())
            node(schema.at("additionalProperties"), path + "/additionalProperties");
        const bool takes_more = schema.contains("additionalProperties") ? !is_closed : !schema.contains("properties");
        if (integer(schema, "minProperties", path, 0) > static_cast<int>(required.size()))
            fail(path, "minProperties cannot be held by a grammar; name them in required");
        if (schema.contains("maxProperties") &&
            (takes_more || integer(schema, "maxProperties", path, 0) < static_cast<int>(count)))
            fail(path, "maxProperties cannot be held by a grammar; leave it out");
    }

    static int integer(const common_json & schema, const std::string & key, const std::string & path, int otherwise) {
        if (!schema.contains(key)) return otherwise;
        const common_json & value = schema.at(key);
        const double number = value.is_number() ? value.get<double>() : -1;
        if (number < 0 || number != std::floor(number)) fail(path, key + " must be a whole number, 0 or more");
        return static_cast<int>(std::min(number, 1e9));
    }

    // Lengths that the engine can hold: a longer limit is the longest one it knows.
    static void lengths(common_json & schema, const std::string & path, const std::string & least, const std::string & most) {
        const int from = integer(schema, least, path, 0);
        if (from > most_repetitions) fail(path, least + " may be " + std::to_string(most_repetitions) + " at most");
        if (schema.contains(least)) schema[least] = from;
        if (!schema.contains(most)) return;
        const int to = std::min(integer(schema, most, path, 0), most_repetitions);
        if (to < from) fail(path, most + " is less than " + least);
        schema[most] = to;
    }

    void array(common_json & schema, const std::string & path) {
        lengths(schema, path, "minItems", "maxItems");
        const bool is_old = schema.contains("items") && schema.at("items").is_array();
        if (is_old || schema.contains("prefixItems")) {
            const std::string key = is_old ? "items" : "prefixItems";
            if (!is_old) schema.erase("items");
            common_json & items = schema.at(key);
            if (!items.is_array()) fail(path, key + " must be a list of schemas");
            const int count = static_cast<int>(items.size());
            if (integer(schema, "minItems", path, 0) > count || integer(schema, "maxItems", path, count) < count)
                fail(path, "a tuple has as many items as " + key + ", and no others");
            for (int i = 0; i < count; i++) node(items.at(i), path + "/" + key + "/" + std::to_string(i));
            return;
        }
        if (!schema.contains("items")) return;
        if (schema.at("items") == false) {
            if (integer(schema, "minItems", path, 0) > 0) fail(path, "items is false, and there must be some");
            schema["items"] = common_json::object();
            schema["maxItems"] = 0;
            return;
        }
        node(schema.at("items"), path + "/items");
    }

    void string(common_json & schema, const std::string & path) {
        lengths(schema, path, "minLength", "maxLength");
        const bool has_length = schema.contains("minLength") || schema.contains("maxLength");
        // The converter writes formats out and then forgets the length; the length is what validators look at.
        if (has_length) schema.erase("format");
        if (!schema.contains("pattern")) return;
        if (!schema.at("pattern").is_string()) fail(path, "pattern must be a string");
        if (has_length)
            fail(path, "pattern beside minLength or maxLength cannot be held by a grammar; write the length into it");
        const std::string pattern = schema.at("pattern").get<std::string>();
        try {
            schema["pattern"] = roost_schema_pattern(pattern);
        } catch (const std::invalid_argument & error) {
            fail(path, "the pattern " + pattern.substr(0, 80) + " cannot be used: " + error.what());
        }
    }

    void number(common_json & schema, const std::string & path, bool is_integer) {
        roost_number_range range;
        bool has_bound = false;
        for (const char * key : {"minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"}) {
            if (!schema.contains(key)) continue;
            if (!schema.at(key).is_number()) fail(path, std::string(key) + " must be a number");
            const double value = schema.at(key).get<double>();
            const bool excludes = key[0] == 'e';
            const bool is_least = std::string(key).find("inimum") != std::string::npos;
            if (is_least && (value > range.least || (value == range.least && excludes))) {
                range.least = value;
                range.excludes_least = excludes;
            } else if (!is_least && (value < range.most || (value == range.most && excludes))) {
                range.most = value;
                range.excludes_most = excludes;
            }
            schema.erase(key);
            has_bound = true;
        }
        if (!has_bound) return;
        if (range.least > range.most || range.least > 1e15 || range.most < -1e15)
            fail(path, "no number that can be written lies between its bounds");
        if (is_integer) {
            double least = std::ceil(range.least), most = std::floor(range.most);
            if (range.excludes_least && least == range.least) least++;
            if (range.excludes_most && most == range.most) most--;
            if (least > most) fail(path, "no integer lies between its bounds");
            schema["minimum"] = static_cast<int64_t>(least);
            schema["maximum"] = static_cast<int64_t>(most);
            return;
        }
        const std::string index = std::to_string(number_count++);
        const std::string constant = "roost:number:" + index;
        std::string rule;
        try {
            rule = roost_number_rule(range);
        } catch (const std::invalid_argument & error) {
            fail(path, error.what());
        }
        additions += constant + "\troost-number-" + index + "\t" + rule + "\n";
        schema = common_json::object();
        schema["const"] = constant;
    }
};
} // namespace

char * roost_schema_prepare(const char * text, char ** additions, char ** error) noexcept {
    try {
        common_json schema = common_json::parse(text);
        schema_rewriter rewriter(schema);
        rewriter.rewrite();
        if (additions) *additions = roost_copy(rewriter.additions);
        return roost_copy(schema.dump());
    } catch (const std::exception & exception) {
        roost_set_error(error, exception.what());
    } catch (...) {
        roost_set_error(error, "unknown error");
    }
    return nullptr;
}

bool roost_schema_check(const char * text, char ** error) noexcept {
    try {
        const common_json schema = common_json::parse(text);
        common_chat_schema_from_json(schema);
        return true;
    } catch (const std::exception & exception) {
        roost_set_error(error, exception.what());
    } catch (...) {
        roost_set_error(error, "unknown error");
    }
    return false;
}

char * roost_schema_grammar(const char * schema, char ** error) noexcept {
    try {
        return roost_copy(json_schema_to_grammar(common_json::parse(schema), true));
    } catch (const std::exception & exception) {
        roost_set_error(error, exception.what());
    } catch (...) {
        roost_set_error(error, "unknown error");
    }
    return nullptr;
}
