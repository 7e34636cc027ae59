# A module is a folder of src/: one static library, whose third-party libraries stay inside it.
#
#   relevid_module(NAME SOURCES a.cpp ... [MODULES base tensor ...] [LIBRARIES fmt::fmt ...])
#
# MODULES are other modules this one may include (PUBLIC); LIBRARIES are third-party and PRIVATE, so that
# their headers cannot be included from anywhere else. tests/walls checks the include lines as well.
function(relevid_add_options name sanitizers)
  add_library(${name} INTERFACE)
  target_compile_features(${name} INTERFACE cxx_std_20)
  target_compile_options(${name} INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual
                                           -Wcast-align -Wunused)
  if(RELEVID_WERROR)
    target_compile_options(${name} INTERFACE -Werror)
  endif()
  if(sanitizers)
    # Of undefined behaviour not what the address sanitizer or the processor ends anyway (null and foreign pointers), whose
    # checks at every access are a third of the compilation; what stays is overflow, shifts, bounds, conversions, enums.
    target_compile_options(${name} INTERFACE -fsanitize=${sanitizers} -fno-omit-frame-pointer -fno-sanitize-recover=all
      -fno-sanitize=null,vptr,object-size,alignment,pointer-overflow,nonnull-attribute,returns-nonnull-attribute)
  endif()
  if(RELEVID_SANITIZE)
    target_link_options(${name} INTERFACE -fsanitize=${RELEVID_SANITIZE})
  endif()
endfunction()
relevid_add_options(relevid_options "${RELEVID_SANITIZE}")
# Of tests: what they call is checked for undefined behaviour, their own code is not, which takes half of its compilation.
string(REPLACE ",undefined" "" relevid_test_sanitizers "${RELEVID_SANITIZE}")
relevid_add_options(relevid_test_options "${relevid_test_sanitizers}")

# Modules without loops over pixels or weights: more would make them no faster, and the build a quarter slower. api and
# the command parse and print, which compilers optimise longest.
set(relevid_plain_modules base data graph onnx models run statistics audit evaluate tune)
set(relevid_thin_modules api)

# What each file of a module would parse and instantiate again, a few share. The dev preset does without, so that includes
# that are missing are found.
set(relevid_unity UNITY_BUILD ${RELEVID_UNITY} UNITY_BUILD_BATCH_SIZE 6)

function(relevid_module name)
  cmake_parse_arguments(MODULE "" "" "SOURCES;MODULES;LIBRARIES" ${ARGN})
  add_library(relevid_${name} STATIC ${MODULE_SOURCES})
  target_include_directories(relevid_${name} PUBLIC ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
  foreach(module IN LISTS MODULE_MODULES)
    target_link_libraries(relevid_${name} PUBLIC relevid_${module})
  endforeach()
  target_link_libraries(relevid_${name} PRIVATE relevid_options ${MODULE_LIBRARIES})
  # For librelevid.so, which is all modules together (cmake/relevid_library.cmake).
  set_property(GLOBAL APPEND PROPERTY relevid_modules relevid_${name})
  set_property(GLOBAL APPEND PROPERTY relevid_module_libraries ${MODULE_LIBRARIES})
  set_target_properties(relevid_${name} PROPERTIES ${relevid_unity})
  if(name IN_LIST relevid_plain_modules)
    target_compile_options(relevid_${name} PRIVATE $<$<CONFIG:Release>:-O2>)
  elseif(name IN_LIST relevid_thin_modules)
    target_compile_options(relevid_${name} PRIVATE $<$<CONFIG:Release>:-O1>)
  endif()
endfunction()
