#include "db/api_key.hpp"

#include <gtest/gtest.h>

#include <regex>

namespace patchbay {
namespace {

TEST(ApiKeyTest, KeyIsItsIdAndASecretThatAreNeverTheSame) {
    const auto one = make_api_key(Role::premium, "laptop", "user:ann");
    const auto other = make_api_key(Role::premium, "laptop", "user:ann");

    ASSERT_TRUE(one && other);
    EXPECT_TRUE(std::regex_match(one->text, std::regex("pb_[0-9a-f]{16}_[A-Za-z0-9_-]{43}")));
    EXPECT_EQ(one->text.substr(3, 16), one->record.id);
    EXPECT_EQ(one->record.owner, "user:ann");
    EXPECT_EQ(one->record.role, Role::premium);
    EXPECT_GT(one->record.created_at_ms, 0);
    EXPECT_NE(one->record.id, other->record.id);
    EXPECT_NE(one->text.substr(20), other->text.substr(20));
}

TEST(ApiKeyTest, RecordHoldsTheDigestOfTheWholeText) {
    const auto key = make_api_key(Role::user, "laptop", "user:ann");

    ASSERT_TRUE(key);
    EXPECT_EQ(key->record.sha256, *sha256(key->text));
    EXPECT_EQ(key->record.sha256.find(key->text), std::string::npos);
}

TEST(ApiKeyTest, DigestIsSha256) {
    const auto digest = sha256("abc");

    ASSERT_TRUE(digest);
    ASSERT_EQ(digest->size(), 32u);
    EXPECT_EQ(static_cast<unsigned char>((*digest)[0]), 0xba);  // FIPS 180-4: ba7816bf…15ad
    EXPECT_EQ(static_cast<unsigned char>((*digest)[31]), 0xad);
}

TEST(ApiKeyTest, OwnerIsTheUserOrElseTheKeysName) {
    EXPECT_EQ(owner_of_key("ann", "laptop"), "user:ann");
    EXPECT_EQ(owner_of_key("", "laptop"), "user:laptop");
}

TEST(ApiKeyTest, LabelsAreShortAndPrintable) {
    EXPECT_TRUE(check_key_label("Ann's laptop"));
    EXPECT_FALSE(check_key_label(""));
    EXPECT_FALSE(check_key_label("two\nlines"));
    EXPECT_FALSE(check_key_label(std::string(101, 'x')));
}

}  // namespace
}  // namespace patchbay
