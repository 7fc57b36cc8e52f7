using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Serialization;

namespace EDA.Engine.Files;

/// <summary>Who holds a folder.</summary>
/// <param name="Host">The machine's name.</param>
/// <param name="Machine">What tells this machine, since it was started, from every other: two containers of one host are two.</param>
/// <param name="Process">The process's number.</param>
/// <param name="Birth">When the process began, in the system's own count: numbers are used again.</param>
/// <param name="Since">When it took the folder.</param>
/// <param name="Token">What tells this holder from every other.</param>
internal sealed record LockHolder(string Host, string Machine, int Process, string Birth, DateTimeOffset Since, string Token)
{
    private const int StartTimeField = 22;

    /// <summary>This process.</summary>
    public static LockHolder This() => new(
        Environment.MachineName, MachineOfThis(), Environment.ProcessId, BirthOf(Environment.ProcessId) ?? string.Empty, DateTimeOffset.UtcNow, RandomNumberGenerator.GetHexString(32, lowercase: true));

    /// <summary>Whether the process lives, on the machine that it names.</summary>
    [JsonIgnore]
    public bool IsRunning => BirthOf(Process) == Birth;

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"process {Process} on {Host}, since {Since.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC");

    private static string MachineOfThis() => OperatingSystem.IsLinux()
        ? string.Join(' ', Environment.MachineName, File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim(), File.ResolveLinkTarget("/proc/self/ns/pid", returnFinalTarget: false)?.Name)
        : Environment.MachineName;

    private static string? BirthOf(int process)
    {
        try
        {
            if (!OperatingSystem.IsLinux())
                return System.Diagnostics.Process.GetProcessById(process).StartTime.ToUniversalTime().ToString("O", CultureInfo.InvariantCulture);

            // The second field is the program's name in parentheses, which may hold anything.
            string stat = File.ReadAllText($"/proc/{process}/stat");
            string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] is "Z" or "X" ? null : fields[StartTimeField - 3];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException or InvalidOperationException)
        {
            return null;
        }
    }
}
