# find_package(Patchbay) gives Patchbay::sdk, the headers, and patchbay_add_plugin().
include(${CMAKE_CURRENT_LIST_DIR}/PatchbayTargets.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/PatchbayPlugin.cmake)
