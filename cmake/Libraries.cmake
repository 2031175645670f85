# Debian's libraries, each behind one target. cmake/packages.txt lists the packages.
find_package(Threads REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(CURL REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(ZLIB REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(Poco REQUIRED COMPONENTS Foundation Net NetSSL)
find_package(Boost 1.74 REQUIRED COMPONENTS filesystem)
find_package(prometheus-cpp REQUIRED COMPONENTS core)

find_path(VALIJSON_INCLUDE_DIR valijson/validator.hpp REQUIRED)
add_library(valijson INTERFACE)
target_include_directories(valijson SYSTEM INTERFACE ${VALIJSON_INCLUDE_DIR})
# Otherwise a schema that is none aborts the process, and a plugin may bring one.
target_compile_definitions(valijson INTERFACE VALIJSON_USE_EXCEPTIONS=1)
