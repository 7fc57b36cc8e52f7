using System.Reflection;
using System.Runtime.InteropServices;

namespace EDA.Host.Reports;

/// <summary>What runs, in words that go into reports.</summary>
public static class ProgramVersion
{
    /// <summary>The engine's version, with the source revision where the build knew it.</summary>
    public static string Engine { get; } = Of(typeof(EDA.Engine.Runs.RunPipeline).Assembly);

    /// <summary>The .NET runtime.</summary>
    public static string Runtime => RuntimeInformation.FrameworkDescription;

    /// <summary>The operating system and the processor's kind.</summary>
    public static string System => $"{RuntimeInformation.OSDescription.Trim()} ({RuntimeInformation.ProcessArchitecture})".ReplaceLineEndings(" ");

    /// <summary>An assembly's version.</summary>
    /// <param name="assembly">The assembly.</param>
    /// <returns>Its informational version.</returns>
    public static string Of(Assembly assembly) =>
        assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion
        ?? assembly.GetName().Version?.ToString() ?? "unknown";
}
