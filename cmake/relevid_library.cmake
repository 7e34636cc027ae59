# relevid::relevid: librelevid.so, made of the modules' objects, and how it is installed.
# Debian's folder for libraries of this architecture, which its linker, pkg-config and CMake search below /usr and
# /usr/local alike.
if(EXISTS /etc/debian_version AND CMAKE_LIBRARY_ARCHITECTURE)
  set(CMAKE_INSTALL_LIBDIR lib/${CMAKE_LIBRARY_ARCHITECTURE} CACHE PATH "Where libraries go, below the prefix")
endif()
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

get_property(modules GLOBAL PROPERTY relevid_modules)
get_property(libraries GLOBAL PROPERTY relevid_module_libraries)
list(REMOVE_DUPLICATES libraries)
list(TRANSFORM modules REPLACE "(.+)" "$<TARGET_OBJECTS:\\1>" OUTPUT_VARIABLE objects)

set(relevid_exports ${CMAKE_CURRENT_SOURCE_DIR}/cmake/librelevid.map)
add_library(relevid_library SHARED ${objects})
add_library(relevid::relevid ALIAS relevid_library)
set_target_properties(relevid_library PROPERTIES
  OUTPUT_NAME relevid EXPORT_NAME relevid VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}
  LINKER_LANGUAGE CXX LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR} LINK_DEPENDS ${relevid_exports})
target_compile_features(relevid_library PUBLIC cxx_std_20)
target_include_directories(relevid_library PUBLIC
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_link_libraries(relevid_library PRIVATE ${libraries})
target_link_options(relevid_library PRIVATE -Wl,--version-script=${relevid_exports} -Wl,-z,defs -Wl,--as-needed)
if(RELEVID_SANITIZE)
  # A library under sanitizers finds their runtime in the program that loads it.
  target_link_options(relevid_library PRIVATE -Wl,-z,undefs -fsanitize=${RELEVID_SANITIZE})
endif()

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/relevid)
install(TARGETS relevid)
install(TARGETS relevid_library EXPORT relevid)
install(DIRECTORY include/relevid TYPE INCLUDE FILES_MATCHING PATTERN "*.h")
install(EXPORT relevid FILE relevid-config.cmake NAMESPACE relevid:: DESTINATION ${package_folder})
# Before 1.0 a minor version may change the interface.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/relevid-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/relevid-config-version.cmake DESTINATION ${package_folder})

# The .pc file finds its prefix from its own place, so that an installation may be moved.
file(RELATIVE_PATH relevid_pc_prefix /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
configure_file(cmake/relevid.pc.in ${PROJECT_BINARY_DIR}/relevid.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/relevid.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
