using EDA.Engine.Training;
using EDA.Host.Reports;

namespace EDA.Host.Progress;

/// <summary>A display beside which another observer is told the same.</summary>
/// <param name="display">The display.</param>
/// <param name="also">The other.</param>
internal sealed class TeeDisplay(IProgressDisplay display, ITrainingObserver also) : IProgressDisplay
{
    /// <inheritdoc/>
    public T Show<T>(Func<ITrainingObserver, T> work) => display.Show(observer => work(new ObserverList(also, observer)));
}
