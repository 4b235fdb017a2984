# The man page and the shells' completions come out of the command's own option table.
if(CMAKE_CROSSCOMPILING AND NOT CMAKE_CROSSCOMPILING_EMULATOR)
    return()
endif()
set(covey_documents)
# file, words of the command that prints it, folder it is installed in
function(covey_add_document file words folder)
    set(path "${PROJECT_BINARY_DIR}/documents/${file}")
    add_custom_command(OUTPUT "${path}"
        COMMAND covey_command ${words} > "${path}"
        DEPENDS covey_command VERBATIM)
    install(FILES "${path}" DESTINATION "${folder}" COMPONENT runtime)
    set(covey_documents ${covey_documents} "${path}" PARENT_SCOPE)
endfunction()
file(MAKE_DIRECTORY "${PROJECT_BINARY_DIR}/documents/bash" "${PROJECT_BINARY_DIR}/documents/zsh"
    "${PROJECT_BINARY_DIR}/documents/fish")
covey_add_document(covey.1 "__man" "${CMAKE_INSTALL_MANDIR}/man1")
covey_add_document(bash/covey "__complete;bash" "${CMAKE_INSTALL_DATADIR}/bash-completion/completions")
covey_add_document(zsh/_covey "__complete;zsh" "${CMAKE_INSTALL_DATADIR}/zsh/site-functions")
covey_add_document(fish/covey.fish "__complete;fish" "${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d")
add_custom_target(covey_documents ALL DEPENDS ${covey_documents})
