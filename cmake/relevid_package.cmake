# cpack -G DEB: one package with the command, the library and what is needed to build with it.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME relevid)
set(CPACK_PACKAGE_VENDOR "the relevid authors")
set(CPACK_PACKAGE_CONTACT "the relevid authors <maintainers@relevid.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGE_DESCRIPTION "Explains video networks by layer-wise relevance propagation and deep Taylor decomposition: \
a model as ONNX and a video as a file go in; the prediction, the relevance of every pixel and frame, pictures and a page \
come out. Holds the command, the library librelevid and its headers.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
# The libraries are found by dpkg-shlibdeps; Pango is asked for a font by name, which no library asks for.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS fonts-dejavu-core)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_SOURCE_DIR}/packaging/triggers)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

install(FILES packaging/copyright README.md CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES packaging/relevid.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
include(CPack)
