@echo off
rem Builds the program on first use and whenever sources changed, then runs it: host\ for most commands, bench\ for
rem `bench`, `profile` and `verify`. `test` hands over to `dotnet test`, which alone decides whether tests pass, and then says
rem why tests were skipped.
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
for %%c in (bench profile verify) do if /i "%~1"=="%%c" (
  set PROJECT=bench
  set PROGRAM=eda-bench
)
set "DLL=%ROOT%%PROJECT%\bin\Release\net10.0\%PROGRAM%.dll"
set "STAMP=%ROOT%artifacts\launcher\%PROJECT%.stamp"

rem Up to date where no source is newer than the stamp and the list of sources is the one that was built. PowerShell
rem reads DLL and STAMP from the environment, whatever characters they hold. Windows PowerShell ignores -Include next to
rem -LiteralPath, hence -Path; what stands above the repository has no say in what is a source, hence Substring.
set "SOURCES=$r = (Get-Location).ProviderPath.Length; Get-ChildItem -Path kernels,engine,host,bench -Recurse -File -Include *.cs,*.csproj | Where-Object { $_.FullName.Substring($r) -notmatch '\\(bin|obj)\\' }; Get-Item Directory.Build.props,Directory.Packages.props,global.json,.editorconfig"
pushd "%ROOT%"
powershell -NoProfile -Command "$s = @(%SOURCES%); $n = ($s.FullName | Sort-Object) -join ';'; if (-not (Test-Path -LiteralPath $env:DLL) -or -not (Test-Path -LiteralPath $env:STAMP)) { exit 1 }; if ((Get-Content -Raw -Encoding UTF8 -LiteralPath $env:STAMP).Trim() -ne $n) { exit 1 }; $t = (Get-Item -LiteralPath $env:STAMP).LastWriteTimeUtc; if ($s | Where-Object { $_.LastWriteTimeUtc -gt $t }) { exit 1 }; exit 0"
if not errorlevel 1 goto :run

echo eda: building %PROJECT% (first use, or its sources changed) ... 1>&2
if not exist artifacts\launcher mkdir artifacts\launcher
powershell -NoProfile -Command "$s = @(%SOURCES%); Set-Content -Encoding UTF8 -LiteralPath ($env:STAMP + '.new') -Value (($s.FullName | Sort-Object) -join ';')"
dotnet build %PROJECT% -c Release -v q -nologo --disable-build-servers >artifacts\launcher\%PROJECT%.log 2>&1
if errorlevel 1 (
  echo eda: the build of %PROJECT% failed: 1>&2
  findstr /c:" error " /c:": error" artifacts\launcher\%PROJECT%.log 1>&2 || type artifacts\launcher\%PROJECT%.log 1>&2
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
rem All that follows `test`, as it was written: numbered parameters would be cut at equals signs, commas and semicolons.
rem No quotes around the assignments, so that what stands within the user's quotes stays within quotes.
set ARGUMENTS=%*
set ARGUMENTS=%ARGUMENTS:*test=%
if "%~2"=="--quick" set ARGUMENTS=%ARGUMENTS:*--quick=--settings tests\quick.runsettings%
set "RESULTS=%ROOT%artifacts\tests.trx"
if exist "%RESULTS%" del "%RESULTS%"
dotnet test EDA.Engine.sln -c Release --nologo --logger "trx;LogFileName=%RESULTS%" %ARGUMENTS%
set STATUS=%errorlevel%
rem Why tests were skipped, each reason once.
if exist "%RESULTS%" powershell -NoProfile -Command "([xml](Get-Content -Raw -Encoding UTF8 -LiteralPath $env:RESULTS)).TestRun.Results.UnitTestResult | Where-Object { $_.outcome -eq 'NotExecuted' } | Group-Object { $_.Output.ErrorInfo.Message } | Sort-Object Name | ForEach-Object { 'skipped {0}: {1}' -f $_.Count, $_.Name }"
popd
exit /b %STATUS%
