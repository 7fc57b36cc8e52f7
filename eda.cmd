@echo off
rem Builds the program on first use and whenever sources changed, then runs it: host\ for most commands, bench\ for
rem `bench`. `test` hands over to `dotnet test`, which alone decides whether tests pass.
setlocal
set "ROOT=%~dp0"
set DOTNET_NOLOGO=1
if not defined DOTNET_CLI_TELEMETRY_OPTOUT set DOTNET_CLI_TELEMETRY_OPTOUT=1

where dotnet >nul 2>&1
if errorlevel 1 (
  echo eda: 'dotnet' was not found; EDA.Engine needs the .NET 10 SDK ^(https://dotnet.microsoft.com/download^) 1>&2
  exit /b 1
)

if /i "%~1"=="test" goto :test

set PROJECT=host
set PROGRAM=eda-host
if /i "%~1"=="bench" (
  set PROJECT=bench
  set PROGRAM=eda-bench
)
set "DLL=%ROOT%%PROJECT%\bin\Release\net10.0\%PROGRAM%.dll"
set "STAMP=%ROOT%artifacts\launcher\%PROJECT%.stamp"

rem Up to date where no source is newer than the stamp and the list of sources is the one that was built.
set "SOURCES=Get-ChildItem -LiteralPath kernels,engine,host,bench -Recurse -File -Include *.cs,*.csproj | Where-Object { $_.FullName -notmatch '\\(bin|obj|Probes)\\' }; Get-Item Directory.Build.props,Directory.Packages.props,global.json,.editorconfig; if (Test-Path optional.props) { Get-Item optional.props }"
pushd "%ROOT%"
powershell -NoProfile -Command "$s = @(%SOURCES%); $n = ($s.FullName | Sort-Object) -join ';'; if (-not (Test-Path -LiteralPath '%DLL%') -or -not (Test-Path -LiteralPath '%STAMP%')) { exit 1 }; if ((Get-Content -Raw -LiteralPath '%STAMP%').Trim() -ne $n) { exit 1 }; $t = (Get-Item -LiteralPath '%STAMP%').LastWriteTimeUtc; if ($s | Where-Object { $_.LastWriteTimeUtc -gt $t }) { exit 1 }; exit 0"
if not errorlevel 1 goto :run

echo eda: building %PROJECT% (first use, or its sources changed) ... 1>&2
if not exist artifacts\launcher mkdir artifacts\launcher
powershell -NoProfile -Command "$s = @(%SOURCES%); Set-Content -LiteralPath '%STAMP%.new' -Value (($s.FullName | Sort-Object) -join ';')"
dotnet build %PROJECT% -c Release -v q -nologo --disable-build-servers >artifacts\launcher\%PROJECT%.log 2>&1
if errorlevel 1 (
  echo eda: the build of %PROJECT% failed: 1>&2
  findstr /c:" error " /c:": error" artifacts\launcher\%PROJECT%.log 1>&2
  popd
  exit /b 1
)
move /y "%STAMP%.new" "%STAMP%" >nul

:run
popd
dotnet "%DLL%" %*
exit /b %errorlevel%

:test
pushd "%ROOT%"
set ARGUMENTS=
:next
shift
if not "%~1"=="" (
  set ARGUMENTS=%ARGUMENTS% %1
  goto :next
)
dotnet test EDA.Engine.sln -c Release --nologo %ARGUMENTS%
set STATUS=%errorlevel%
popd
exit /b %STATUS%
