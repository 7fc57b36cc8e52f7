namespace EDA.Engine.Data;

/// <summary>How much memory data is given. No number of it changes what a run gives.</summary>
public sealed record MemorySettings
{
    /// <summary>
    /// MiB of the device's memory for the candidates of a stage with their states and labels, or for the next actions of a
    /// softmax critic: from 0 to 1,048,576. What takes more stays on the host, in its file where it has one, and is read a
    /// step ahead. 1,000,000 states of 16 candidates take 492 with S = 17, A = 6.
    /// </summary>
    public int Resident { get; init => field = Setting.Range(value, 0, 1 << 20); } = 1024;
}

/// <summary>How much of a device's memory rows may take that batches are drawn from.</summary>
/// <param name="Settings">How much.</param>
/// <param name="Notice">Told if the device has no room for them, so that they stay on the host; null for none.</param>
public sealed record RowMemory(MemorySettings Settings, Action<string>? Notice = null);
