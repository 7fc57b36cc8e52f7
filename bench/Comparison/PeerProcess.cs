using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace EDA.Bench.Comparison;

/// <summary>A running side of a comparison: asked by a line of JSON, answers by one (see <see cref="PeerCommand"/>).</summary>
internal sealed class PeerProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly PeerProgram _program;
    private readonly Process _process;
    private readonly StringBuilder _complaints = new();

    /// <summary>Starts it.</summary>
    /// <exception cref="PeerException">It cannot be started.</exception>
    public PeerProcess(PeerProgram program)
    {
        _program = program;
        var start = new ProcessStartInfo(program.File, program.Arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(false),
            StandardOutputEncoding = Encoding.UTF8,
        };
        foreach (var (name, value) in program.Environment)
        {
            if (value is null)
                start.Environment.Remove(name);
            else
                start.Environment[name] = value;
        }

        try
        {
            _process = Process.Start(start)!;
        }
        catch (Win32Exception error)
        {
            throw new PeerException($"{program.File} cannot be started: {error.Message}");
        }

        _process.ErrorDataReceived += (_, line) =>
        {
            lock (_complaints)
                _complaints.AppendLine(line.Data);
        };
        _process.BeginErrorReadLine();
    }

    /// <summary>What it said of itself: program, version, device, threads and so on. Waits until it has.</summary>
    /// <exception cref="PeerException">It does not say who it is.</exception>
    public JsonObject Description => field ??= Read();

    /// <summary>The system's number of the process.</summary>
    public int Id => _process.Id;

    /// <summary>The most memory that it has held so far, in bytes; null where the system does not tell.</summary>
    public long? PeakBytes => ProcessMemory.Peak(_process);

    /// <summary>Asks and waits for the answer.</summary>
    /// <exception cref="PeerException">The answer is an error, or there is none.</exception>
    public JsonObject Ask(JsonObject request)
    {
        _ = Description;
        try
        {
            _process.StandardInput.WriteLine(request.ToJsonString());
            _process.StandardInput.Flush();
        }
        catch (IOException)
        {
            throw Ended();
        }

        return Read();
    }

    /// <summary>Runs a step so many times.</summary>
    /// <returns>Seconds a step, on the process's own clock, and where it says so the step's nominal work, and how large it is in words.</returns>
    public (double Seconds, double? Work, string? What) Run(string step, int count)
    {
        var answer = Ask(new JsonObject { ["run"] = step, ["count"] = count });
        return (answer["seconds"]!.GetValue<double>() / count, answer["work"]?.GetValue<double>(), answer["what"]?.GetValue<string>());
    }

    /// <summary>Ends it.</summary>
    public void Dispose()
    {
        try
        {
            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has gone already.
        }

        if (!_process.WaitForExit(Patience))
            _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }

    private JsonObject Read()
    {
        string line = _process.StandardOutput.ReadLine() ?? throw Ended();
        JsonObject? answer = null;
        try
        {
            answer = JsonNode.Parse(line) as JsonObject;
        }
        catch (JsonException)
        {
            // Answered below.
        }

        if (answer is null)
            throw new PeerException($"{_program.Name} said '{line}' where an answer was wanted");
        return answer["error"] is { } error ? throw new PeerException($"{_program.Name} failed: {error.GetValue<string>()}") : answer;
    }

    // The last line of what it complained about says most: in Python the exception.
    private PeerException Ended()
    {
        _process.WaitForExit(Patience);
        lock (_complaints)
        {
            string last = _complaints.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault() ?? "without a word";
            return new PeerException($"{_program.Name} ({_program.File}) ended too early: {last}");
        }
    }
}
