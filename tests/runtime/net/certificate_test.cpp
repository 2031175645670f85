#include "tests/runtime/net/tls_files.hpp"

#include <sys/stat.h>

#include <chrono>

namespace patchbay::net {
namespace {

using namespace std::chrono_literals;
using namespace testing;
using File = CertificateProblem::File;

class CertificateTest : public ::testing::Test {
protected:
    // What is found to be wrong, "certificate: …" or "key: …"; "" = nothing.
    static std::string complaint(const CertificateFiles& files) {
        const auto loaded = TlsContext::load(files);
        if (loaded) return "";
        std::string text;
        for (const auto& problem : loaded.error())
            text += (problem.file == File::key ? "key: " : "certificate: ") + problem.found + "\n";
        return text;
    }

    Certificate load(PairOptions options = {}) {
        auto loaded = Certificate::load(folder.write(make_pair(options)));
        EXPECT_TRUE(loaded);
        return std::move(*loaded);
    }

    static Certificate::Time now() {
        return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    }

    TlsFolder folder;
};

TEST_F(CertificateTest, APairThatFitsIsTakenAlsoFromOneFile) {
    const auto pair = make_pair();
    const auto both = folder.write("both.pem", pair.key + pair.certificate);

    EXPECT_EQ(complaint(folder.write(pair)), "");
    EXPECT_EQ(complaint({.certificate = both, .key = both}), "");
}

TEST_F(CertificateTest, WhatFollowsTheFirstCertificateIsSentWithIt) {
    const auto pair = make_pair();
    const auto issuer = make_pair({.serial = 2});
    auto files = folder.write(pair);
    files.certificate = folder.write("chain.pem", pair.certificate + issuer.certificate);

    const auto loaded = TlsContext::load(files);

    ASSERT_TRUE(loaded);
    STACK_OF(X509)* more = nullptr;
    SSL_CTX_get0_chain_certs((*loaded)->poco()->sslContext(), &more);
    ASSERT_EQ(sk_X509_num(more), 1);
    EXPECT_EQ(ASN1_INTEGER_get(X509_get0_serialNumber(sk_X509_value(more, 0))), 2);
}

TEST_F(CertificateTest, FilesThatCannotBeReadAreBothNamed) {
    ASSERT_EQ(::mkfifo((folder.path() / "pipe").c_str(), 0600), 0);

    EXPECT_EQ(complaint({.certificate = folder.path() / "none", .key = folder.path()}),
              "certificate: no readable file (No such file or directory)\nkey: a folder\n");
    EXPECT_EQ(complaint({.certificate = folder.path() / "pipe",
                         .key = folder.write("large", std::string(2 << 20, 'x'))}),
              "certificate: something that is no regular file\nkey: a file of more than 1 MiB\n");
}

TEST_F(CertificateTest, FilesWithoutTheRightPemAreRefused) {
    const auto pair = make_pair();
    const auto empty = folder.write("empty.pem", "");
    const auto files = folder.write(pair);

    EXPECT_EQ(complaint({.certificate = empty, .key = empty}),
              "certificate: no certificate in PEM form\nkey: no private key in PEM form\n");
    EXPECT_EQ(complaint({.certificate = files.key, .key = files.certificate}),
              "certificate: no certificate in PEM form\nkey: no private key in PEM form\n");
}

TEST_F(CertificateTest, DamagedPemIsCalledDamaged) {
    auto pair = make_pair();
    auto issuer = make_pair().certificate;
    for (auto* text : {&pair.key, &issuer}) text->replace(text->find('\n') + 10, 4, "!!!!");
    pair.certificate += issuer;

    EXPECT_EQ(complaint(folder.write(pair)),
              "certificate: a certificate that is damaged\nkey: a private key that is damaged\n");
}

TEST_F(CertificateTest, AnEncryptedKeyIsRefusedAndNobodyIsAsked) {
    EXPECT_EQ(complaint(folder.write(make_pair({.passphrase = "secret"}))),
              "key: a key that is encrypted\n");
}

TEST_F(CertificateTest, AKeyOfAnotherCertificateIsRefused) {
    const auto one = make_pair(), other = make_pair();

    EXPECT_EQ(complaint(folder.write({.certificate = one.certificate, .key = other.key})),
              "key: a key that does not belong to the certificate\n");
}

TEST_F(CertificateTest, AnIssuerBeforeTheServersCertificateIsAMistakeOfTheOrder) {
    const auto pair = make_pair(), issuer = make_pair();

    EXPECT_EQ(complaint(folder.write(
                  {.certificate = issuer.certificate + pair.certificate, .key = pair.key})),
              "certificate: another certificate before the key's own\n");
}

TEST_F(CertificateTest, AWeakKeyIsRefusedWithOpenSslsReason) {
    EXPECT_EQ(complaint(folder.write(make_pair({.rsa_bits = 1024}))),
              "certificate: a certificate that TLS refuses (ee key too small)\n");
}

TEST_F(CertificateTest, OneThatHasEndedIsTakenWithAWarningThatSaysWhen) {
    const Certificate ended = load({.begins_in_s = -7200, .ends_in_s = -3600});

    const auto sentences = ended.warnings(now());

    ASSERT_EQ(sentences.size(), 1u);
    EXPECT_NE(sentences[0].find("ended on " + to_text(ended.valid_until())), std::string::npos);
    EXPECT_LT(ended.valid_until(), now());
}

TEST_F(CertificateTest, OneThatEndsSoonOrHasNotBegunIsWarnedOf) {
    EXPECT_TRUE(load().warnings(now()).empty());
    EXPECT_NE(load({.ends_in_s = 3600}).warnings(now()).at(0).find("ends soon"), std::string::npos);
    EXPECT_NE(load({.begins_in_s = 3600}).warnings(now()).at(0).find("begins on"),
              std::string::npos);
}

TEST_F(CertificateTest, AKeyThatEverybodyMayReadIsWarnedOf) {
    const auto files = folder.write(make_pair());
    ::chmod(files.key.c_str(), 0644);

    EXPECT_NE(Certificate::load(files)->warnings(now()).at(0).find("chmod"), std::string::npos);
}

TEST(CertificateTimeTest, ATimeIsWrittenInUtc) {
    EXPECT_EQ(to_text(Certificate::Time(1700000000s)), "2023-11-14 22:13 UTC");
}

}  // namespace
}  // namespace patchbay::net
