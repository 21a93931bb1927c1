# What is installed for other programs: libraries, headers, a CMake package and a pkg-config file, none of which contains
# the installation folder, so that all of it can be moved. In a wheel it is inside the package's folder.
include(CMakePackageConfigHelpers)
set(asd_link)
if(ASD_BUILT_AS_WHEEL)
  set(CMAKE_INSTALL_LIBDIR lib)
  set(asd_link LIBRARY NAMELINK_SKIP)
endif()
include(GNUInstallDirs)
set(asd_cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/asd)

install(TARGETS asd EXPORT asdTargets COMPONENT library INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} ${asd_link})
install(EXPORT asdTargets NAMESPACE asd:: DESTINATION ${asd_cmake_dir} COMPONENT library)
if(NOT ASD_BUILT_AS_WHEEL)
  set_target_properties(asd_static PROPERTIES OUTPUT_NAME $<IF:$<BOOL:${WIN32}>,asd_static,asd>)
  install(TARGETS asd_static EXPORT asdStaticTargets COMPONENT library INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
  install(EXPORT asdStaticTargets NAMESPACE asd:: DESTINATION ${asd_cmake_dir} COMPONENT library)
elseif(UNIX AND NOT APPLE)
  # A wheel cannot hold links, and a second copy would double its size: for -lasd, a linker script that names the library.
  configure_file(cmake/libasd.so.in libasd.so.text @ONLY)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/libasd.so.text RENAME libasd.so DESTINATION ${CMAKE_INSTALL_LIBDIR}
          COMPONENT library)
endif()
install(DIRECTORY include/asd DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT library)

# A later release of the same major version has all of an earlier one; a change that breaks programs also raises SOVERSION.
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/asdConfigVersion.cmake COMPATIBILITY SameMajorVersion)
configure_package_config_file(cmake/asdConfig.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/asdConfig.cmake
                              INSTALL_DESTINATION ${asd_cmake_dir})
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/asdConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/asdConfigVersion.cmake
        DESTINATION ${asd_cmake_dir} COMPONENT library)

file(RELATIVE_PATH asd_up ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
string(REGEX REPLACE "/$" "" asd_up "${asd_up}")
list(JOIN asd_cxx_runtime " -l" asd_libs)
configure_file(cmake/asd.pc.in asd.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/asd.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT library)
