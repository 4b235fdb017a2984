# Headers, libraries, pkg-config and CMake package files. The Python wheel takes the component "python" alone.
include(CMakePackageConfigHelpers)

install(FILES ${covey_public_headers} DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/covey" COMPONENT development)
install(TARGETS ${covey_libraries} EXPORT covey-targets
    LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT runtime NAMELINK_COMPONENT development
    ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT development)
install(EXPORT covey-targets NAMESPACE covey:: DESTINATION "${CMAKE_INSTALL_LIBDIR}/cmake/covey" COMPONENT development)
configure_package_config_file(cmake/covey-config.cmake.in "${PROJECT_BINARY_DIR}/covey-config.cmake"
    INSTALL_DESTINATION "${CMAKE_INSTALL_LIBDIR}/cmake/covey")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/covey-config-version.cmake" COMPATIBILITY SameMajorVersion)
install(FILES "${PROJECT_BINARY_DIR}/covey-config.cmake" "${PROJECT_BINARY_DIR}/covey-config-version.cmake"
    DESTINATION "${CMAKE_INSTALL_LIBDIR}/cmake/covey" COMPONENT development)

set(covey_pc_io_requires "${covey_io_modules}")
list(JOIN covey_pc_io_requires " " covey_pc_io_requires)
foreach(module IN ITEMS covey covey-io)
    if(module STREQUAL "covey-io" AND NOT TARGET covey_io_static)
        continue()
    endif()
    configure_file(cmake/${module}.pc.in "${PROJECT_BINARY_DIR}/${module}.pc" @ONLY)
    install(FILES "${PROJECT_BINARY_DIR}/${module}.pc"
        DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig" COMPONENT development)
endforeach()

if(TARGET covey_command)
    install(TARGETS covey_command RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT runtime)
    include(cli-documents)
endif()
