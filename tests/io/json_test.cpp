#include "ebm/io/json.hpp"

#include "io_test.hpp"

namespace ebm::io {
namespace {

std::string wrong(std::string_view text) {
  return error_of([&] { check_json(text, "FILE"); });
}

TEST(Json, ValidText_IsTaken) {
  for (const char* text :
       {"{}", " [1, 2.5e3, \"a\\n\", true, null] ", "7", "{\"a\":{\"a\":1},\"b\":[{\"a\":1},{\"a\":2}]}"})
    EXPECT_NO_THROW(check_json(text, "FILE")) << text;
}

TEST(Json, Malformed_IsRefusedWithItsLine) {
  EXPECT_HAS(wrong("{\n \"a\": 1,\n \"b\" 2\n}"), "FILE:3: ");
  EXPECT_HAS(wrong(""), "FILE:1: ");
  EXPECT_HAS(wrong("{\"a\":1} x"), "FILE:1: ");
  EXPECT_HAS(wrong("\n\n{\"a\":1,\n\"a\":2}"), "FILE:4: this is no valid JSON: the name 'a' comes twice");
  EXPECT_HAS(wrong("\"\xff\""), "FILE:1: ");
  EXPECT_HAS(wrong("1e999"), "FILE:1: ");
  EXPECT_HAS(wrong("[NaN]"), "FILE:1: ");
  EXPECT_HAS(wrong(std::string(100'000, '[')), "levels deep");
  EXPECT_HAS(wrong(std::string(70, '[') + std::string(70, ']')), "levels deep");
}

TEST(Json, Truncated_IsRefusedAtEveryLength) {
  expect_refused_at_every_length(bytes_of(R"({"a":[1,2,{"b":"cA"}],"d":null})"),
                                 [](const Bytes& b) { check_json(as_text(b), "FILE"); });
}

TEST(JsonObject, Fields_AreReadByName) {
  const JsonObject o(
      R"({"n":2.5,"i":7,"b":true,"t":"x","ns":[1,2],"ts":["a"],"o":{"k":1},"os":[{"k":1},{"k":2}]})", "FILE");
  EXPECT_EQ(o.number("n"), 2.5);
  EXPECT_EQ(o.number("i"), 7);
  EXPECT_EQ(o.integer("i", 0, 10), 7);
  EXPECT_TRUE(o.boolean("b"));
  EXPECT_EQ(o.text("t"), "x");
  EXPECT_EQ(o.numbers("ns"), (std::vector<double>{1, 2}));
  EXPECT_EQ(o.texts("ts"), (std::vector<std::string>{"a"}));
  EXPECT_EQ(o.object("o").integer("k"), 1);
  EXPECT_EQ(o.objects("os")[1].integer("k"), 2);
  EXPECT_TRUE(o.has("n"));
  EXPECT_FALSE(o.has("nn"));
}

TEST(JsonObject, WrongFields_AreNamed) {
  const JsonObject o(R"({"n":2.5,"big":18446744073709551615,"os":[{"k":"x"},3],"o":{"k":1}})", "FILE");
  EXPECT_HAS(error_of([&] { o.number("rate"); }), "FILE: field 'rate' is missing");
  EXPECT_HAS(error_of([&] { o.text("n"); }), "field 'n' must be a text, not number");
  EXPECT_HAS(error_of([&] { o.integer("n"); }), "must be a whole number, not 2.5");
  EXPECT_HAS(error_of([&] { o.number("n", 0, 1); }), "is 2.5, it must be from 0 to 1");
  EXPECT_HAS(error_of([&] { o.integer("big"); }), "is 18446744073709551615, it must be");
  EXPECT_HAS(error_of([&] { o.objects("os"); }), "entry 1 is number");
  EXPECT_HAS(error_of([&] { o.object("o").text("k"); }), "FILE: o: field 'k'");
  EXPECT_HAS(error_of([&] { o.only({"n", "os", "o"}); }), "field 'big' is unknown; the fields are: n, os, o");
  EXPECT_NO_THROW(o.only({"n", "big", "os", "o"}));
  EXPECT_HAS(error_of([] { JsonObject("[1]", "FILE"); }), "FILE:1: an object");
}

TEST(Json, File_IsReadAndChecked) {
  const Folder folder;
  write_file(folder / "c.json", "{\"a\":1}");
  EXPECT_EQ(read_json(folder / "c.json"), "{\"a\":1}");
  write_file(folder / "d.json", "{\"a\"");
  EXPECT_HAS(error_of([&] { read_json(folder / "d.json"); }), "d.json:1: ");
}

TEST(JsonObject, ANaturalNumber_IsOfSixtyFourBitsAndNoOther) {
  const JsonObject o(R"({"big":18446744073709551615,"zero":0,"less":-1,"half":0.5,"vast":1e20})", "FILE");
  EXPECT_EQ(o.natural("big"), 18446744073709551615ULL);
  EXPECT_EQ(o.natural("zero"), 0u);
  for (const char* key : {"less", "half", "vast"})
    EXPECT_HAS(error_of([&] { o.natural(key); }), message("FILE: field '", key, "' must be a whole number"));
}

}  // namespace
}  // namespace ebm::io
