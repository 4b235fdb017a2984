# The extension module covey._covey: cffi in API mode over the core, limited API, so one module serves Python 3.11 and later.
# Included by the top-level CMakeLists.txt when COVEY_WITH_PYTHON is ON (scikit-build-core sets it: pyproject.toml).

find_package(Python 3.11 REQUIRED COMPONENTS Interpreter Development.Module)

set(_covey_py_source "${CMAKE_CURRENT_BINARY_DIR}/python/_covey.c")
set(_covey_py_build "${PROJECT_SOURCE_DIR}/python/src/covey/_build.py")
file(GLOB _covey_py_headers CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/include/covey/*.h")
file(MAKE_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}/python")
add_custom_command(
    OUTPUT "${_covey_py_source}"
    COMMAND Python::Interpreter "${_covey_py_build}" "${PROJECT_SOURCE_DIR}/include" "${_covey_py_source}"
    DEPENDS "${_covey_py_build}" ${_covey_py_headers}
    COMMENT "Writing the Python binding from the public headers"
    VERBATIM)

# By hand what USE_SABI of CMake 3.26 does: older ones are still about.
python_add_library(covey_python MODULE "${_covey_py_source}")
target_compile_definitions(covey_python PRIVATE Py_LIMITED_API=0x030B0000)
set_target_properties(covey_python PROPERTIES OUTPUT_NAME _covey SUFFIX .abi3.so)
target_include_directories(covey_python PRIVATE "${PROJECT_SOURCE_DIR}/include")
foreach(_covey_py_core IN ITEMS covey_static covey)
    if(TARGET ${_covey_py_core})
        target_link_libraries(covey_python PRIVATE ${_covey_py_core})
        break()
    endif()
endforeach()
if(NOT APPLE AND NOT WIN32)
    # Only the module's entry point leaves the file: the core's symbols cannot clash with a libcovey of another version.
    target_link_options(covey_python PRIVATE LINKER:--exclude-libs,ALL)
endif()

install(TARGETS covey_python LIBRARY DESTINATION covey COMPONENT python)
