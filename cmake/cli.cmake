# The command stands on the static libraries, so that it runs wherever it is copied.
add_executable(covey_command ${covey_cli_sources})
set_target_properties(covey_command PROPERTIES OUTPUT_NAME covey)
target_compile_definitions(covey_command PRIVATE _GNU_SOURCE= COVEY_VERSION_TEXT="${PROJECT_VERSION}")
target_link_libraries(covey_command PRIVATE covey_warnings covey_hardening covey_io_static covey_io_parts covey_static m)
