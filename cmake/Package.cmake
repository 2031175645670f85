# The archive: `cpack` (or `./dev package`) makes patchbay-VERSION-linux-ARCH.tar.gz, which runs wherever it
# is unpacked. It holds the SDK too: who writes a plugin needs the headers of just that server, until ABI
# 1. packages.txt in it has the Debian packages that it needs: group "server" of the one list.
file(STRINGS ${CMAKE_SOURCE_DIR}/cmake/packages.txt server_packages REGEX "^server ")
list(TRANSFORM server_packages REPLACE "^server +" "")
list(JOIN server_packages "\n" server_packages)
file(WRITE ${CMAKE_BINARY_DIR}/packages.txt "${server_packages}\n")

set(documents ${CMAKE_BINARY_DIR}/packages.txt packaging/INSTALL.md packaging/patchbay.json README.md
    CHANGELOG.md LICENSE)
install(FILES ${documents} DESTINATION share/doc/patchbay)
install(DIRECTORY docs/ DESTINATION share/doc/patchbay/docs)
install(FILES packaging/patchbay.service DESTINATION lib/systemd/system)

string(TOLOWER ${CMAKE_SYSTEM_NAME}-${CMAKE_SYSTEM_PROCESSOR} platform)
set(CPACK_GENERATOR TGZ)
set(CPACK_PACKAGE_FILE_NAME patchbay-${PROJECT_VERSION}-${platform})
set(CPACK_STRIP_FILES ON)
set(CPACK_THREADS 0)
include(CPack)
