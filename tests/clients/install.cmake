# Installs what package-lock.json pins: cmake -D NPM=… -D FROM=folder -D INTO=folder -P install.cmake
# Does nothing when that is there already.
set(lock ${FROM}/package-lock.json)
set(installed ${INTO}/installed-lock.json)
if(EXISTS ${installed})
    file(SHA256 ${lock} wanted)
    file(SHA256 ${installed} there)
    if(wanted STREQUAL there)
        return()
    endif()
endif()

file(REMOVE ${installed})
file(COPY ${FROM}/package.json ${lock} DESTINATION ${INTO})
execute_process(COMMAND ${NPM} ci --prefix ${INTO} --no-audit --no-fund --ignore-scripts
    RESULT_VARIABLE status)
if(NOT status EQUAL 0)
    message(FATAL_ERROR "npm ci failed: the clients' packages come from npm's registry, once")
endif()
configure_file(${lock} ${installed} COPYONLY)
